/** Loaded first in a process whose clock is to be ahead of ours, or behind; all else goes on as it did. */
const aheadMs = Number(process.env.CLOCK_AHEAD_MS)
const now = Date.now
Date.now = () => now() + aheadMs
