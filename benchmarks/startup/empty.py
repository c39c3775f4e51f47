# An empty process of Python: what every program pays.
