// An empty process of Node: what every program pays.
