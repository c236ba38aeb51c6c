"""The socket: its protocol, the hub that feeds sockets, and the chat channel."""
