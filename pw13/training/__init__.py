"""The training loop: epochs run in compiled chunks of steps and resume to bit-identical weights."""
