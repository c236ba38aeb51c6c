"""Where people are reached: one package a channel, none of which imports another."""
