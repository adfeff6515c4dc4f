"""Ordinary reinforcement-learning tasks: Gymnasium environments and tasks on the device."""
