"""Binds a Unix datagram socket and prints each datagram as one line of JSON until its standard input ends."""
import json
import select
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
while True:
    readable, _, _ = select.select([receiver, sys.stdin], [], [])
    if receiver in readable:
        print(json.dumps(receiver.recv(65536).decode()), flush=True)
    elif not sys.stdin.read(1):
        break
