#!/bin/sh
# In place of the server: opens the database as the server does when it starts.
exec authelia
