"""The whole analysis of a protocol: records in, every number of its report out, pure."""
