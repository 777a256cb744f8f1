"""Pure: frames in, findings out. No I/O, no clock, no unseeded randomness."""
