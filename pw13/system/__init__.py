"""The machine: files, signals, processes, hardware facts and TensorFlow itself."""
