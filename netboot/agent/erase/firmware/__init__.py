"""Erases that drives do by themselves: one engine, and one module a family of commands for how to order and to ask."""
