"""Pages for owners and coordinators: answer what a message asks, choose what comes and when."""
