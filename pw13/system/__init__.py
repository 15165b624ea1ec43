"""The system: files, signals, processes, hardware and the TensorFlow runtime."""
