"""The libraries that empo is measured beside, each in an environment of its own."""
