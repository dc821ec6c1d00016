"""P10, graph detours: the person is guarded at one path and open at another."""
