"""Samples: functions (one directory with a sample.toml each), layers (content of /opt) and the tour through them."""
