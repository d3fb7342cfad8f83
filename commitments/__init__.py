"""The domain: what was promised, by whom, until when, and how it stands."""
