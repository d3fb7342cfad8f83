"""Who is told what, when, in which words, by which channel."""
