"""
The rate limit: how many requests all who use one key may start.

Theory of operation. What is shared is a :class:`~.window.Window`: the latest starts, the queue, the rate and
a pause. It is a pure rule; times are those of whoever keeps it. A request takes a turn: it enters the window,
and either starts or is told when to come again, with its place in the queue kept; the wait is slept outside
every lock. When it is answered, the window learns how late the server may have counted it. A 429 pauses all.

===================  ======================================================================================
``window.py``        the rule; ``window.lua`` is the same rule for Redis
``throttle.py``      what the rest of the client sees: :class:`~.throttle.Throttle`, and the clock, which
                     nothing else reads or sleeps by
``turns.py``         waiting for a turn, and what answers tell
``stores.py``        where a window is kept: in memory, or in a file for all processes of a host
``redis.py``         where Redis keeps it, for several hosts
``shared.py``        which throttle a client gets, and what happens while Redis is away
===================  ======================================================================================
"""
