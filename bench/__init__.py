"""Speed, measured beside an alternative in the same run. `python -m bench [NAME ...]`."""
