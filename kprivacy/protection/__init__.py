"""What `kprivacy.protect` and `kprivacy.recover` share."""
