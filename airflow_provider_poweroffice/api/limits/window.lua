-- The rule of window.py, carried out by Redis alone and by the time of Redis. The two are kept equal by a test.
-- KEYS[1]: the window. ARGV: operation, 1 if the caller used the window lately, then the operation's numbers.
-- A number goes out as text: Redis cuts decimals off.

local MOST_SLOTS, LEASE, GRACE, UNKNOWN, LONGEST_PAUSE, TICK = 50, 60, 0.25, 0.02, 60, 1e-6
local LEAST, SHARE, MOST_BALANCE = 0.004, 0.025, 5
local STRICT, LONGEST_STRICT, UNANSWERED, RECHECK = 30, 600, 10, 0.05
local LONGEST_WAIT, MOST_WAITING, SLOWEST, CAUTION = 600, 2000, 1 / 86400, 1
local FADE, GROWTH, SHORT, ODD, LEARN, REMEMBERED = 0.98, 1.1, 0.05, 2, 5, 100

local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local operation, known = ARGV[1], ARGV[2] == '1'
local first, second, third = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local function empty()
  return {
    rate = math.huge, rate_until = 0, paused_until = 0, starts = {}, waiting = {},
    balance = MOST_BALANCE, strict_until = 0, strict_for = 0, longest = 0, shortest = math.huge, lately = math.huge,
    answers = 0,
  }
end

local function shape(rate)
  local slots = 1
  if rate == math.floor(rate) or rate > MOST_SLOTS then
    slots = math.max(1, math.min(math.floor(rate), MOST_SLOTS))
  end
  return slots, slots / rate
end

local function sort(pairs_)
  table.sort(pairs_, function(a, b) return a[1] < b[1] end)
end

local function without(pairs_, place, after)
  local left = {}
  for _, one in ipairs(pairs_) do
    if one[1] ~= place and one[2] >= after then left[#left + 1] = one end
  end
  return left
end

local function counted(window, span)
  local scale, list = math.min(1, span), {}
  local patience = now < window.strict_until and 0 or window.longest > 0 and window.longest or UNANSWERED
  for _, one in ipairs(window.starts) do
    local moment = one[1]
    if moment <= one[2] then
      moment = one[2] + UNKNOWN * scale
      local age = now - one[2]
      if patience <= age and age < UNANSWERED then moment = math.max(moment, now - span + RECHECK * scale) end
    end
    list[#list + 1] = moment
  end
  table.sort(list)
  return list
end

local function due(window, before)
  local slots, span = shape(window.rate)
  local list = counted(window, span)
  local skip = math.max(0, #list - slots)
  local known = #list - skip
  local spans = math.floor((before + known) / slots)
  if spans == 0 then return now end
  local index = (before + known) % slots
  return (index < known and list[skip + index + 1] or now) + spans * span
end

local function enter(window, rate, place)
  if rate <= window.rate or now >= window.rate_until then
    window.rate, window.rate_until = rate, now + math.max(LEASE, 2 / rate)
  end
  window.waiting = without(window.waiting, place, now - GRACE)
  if place then
    place = math.min(place, now)
  else
    local last = window.waiting[#window.waiting]
    place = last and math.max(now, last[1] + TICK) or now
  end
  local before = 0
  for _, one in ipairs(window.waiting) do
    if one[1] < place then before = before + 1 end
  end
  local moment = math.max(window.paused_until, due(window, before))
  if moment - now > TICK then
    table.insert(window.waiting, {place, moment})
    sort(window.waiting)
    return place, moment - now
  end
  table.insert(window.starts, {now, now})
  sort(window.starts)
  while #window.starts > MOST_SLOTS do table.remove(window.starts, 1) end
  return place, 0
end

local function lateness(window, trip)
  window.lately = math.min(window.lately, trip)
  window.answers = window.answers + 1
  local late = trip - math.min(window.shortest, window.lately)
  if window.shortest == math.huge and window.answers <= LEARN then late = trip end
  if window.answers >= REMEMBERED then
    window.shortest, window.lately, window.answers = window.lately, math.huge, 0
  end
  return late
end

local function settle(window, start, trip, lost)
  local odd = window.longest > 0 and trip > ODD * window.longest
  local usual = window.longest > 0 and math.max(SHORT, GROWTH * window.longest) or UNANSWERED
  window.longest = math.max(math.min(trip, usual, UNANSWERED), SHORT, window.longest * FADE)
  window.balance = math.min(MOST_BALANCE, window.balance + SHARE)
  local late, delay = lost == 1 and trip or lateness(window, trip), nil
  if odd or now < window.strict_until then
    delay = math.max(LEAST, math.min(trip, now - start))
  else
    local allowed = math.max(LEAST, math.min(late, window.balance))
    window.balance = math.max(0, window.balance - allowed)
    delay = allowed * math.min(1, select(2, shape(window.rate)))
  end
  for _, one in ipairs(window.starts) do
    if one[2] == start then one[1] = start + delay end
  end
  sort(window.starts)
end

local function refuse(window, seconds)
  window.paused_until = math.max(window.paused_until, now + math.min(seconds, LONGEST_PAUSE))
  if now < window.strict_until then return end
  local soon = now < window.strict_until + window.strict_for
  window.strict_for = soon and math.min(LONGEST_STRICT, 2 * window.strict_for) or STRICT
  window.strict_until = now + window.strict_for
end

local function check(value, least, most)
  if type(value) ~= 'number' or not (value >= least and value <= most) then error('implausible') end
end

local function check_window(window)
  check(window.stamp, 0, now + CAUTION)
  now = math.max(now, window.stamp)
  check(window.rate, SLOWEST, math.huge)
  check(#window.starts, 0, MOST_SLOTS)
  check(#window.waiting, 0, MOST_WAITING)
  check(window.balance, 0, MOST_BALANCE)
  check(window.strict_for, 0, LONGEST_STRICT)
  check(window.longest, 0, UNANSWERED)
  check(window.shortest, 0, math.huge)
  check(window.lately, 0, math.huge)
  check(window.answers, 0, REMEMBERED)
  check(window.rate_until, 0, now + math.max(LEASE, 2 / window.rate))
  check(window.paused_until, 0, now + LONGEST_PAUSE)
  check(window.strict_until, 0, now + LONGEST_STRICT)
  for _, one in ipairs(window.starts) do
    check(one[1], 0, now + LONGEST_PAUSE)
    check(one[2], 0, now)
  end
  local slots, span = shape(window.rate)
  for _, one in ipairs(window.waiting) do
    check(one[1], 0, now + 1)
    check(one[2], 0, now + LONGEST_WAIT + span * (1 + #window.waiting / slots))
  end
end

-- What is missing although it was used lately, or is no window, was lost: others may have started unseen.
local stored = redis.pcall('GET', KEYS[1])
local whole, window = pcall(cmsgpack.unpack, stored)
if not (whole and pcall(check_window, window)) then
  window = empty()
  if stored or known then window.paused_until = now + CAUTION end
end

local place, wait = 0, 0
if operation == 'enter' then
  place, wait = enter(window, first, second)
elseif operation == 'leave' then
  window.waiting = without(window.waiting, first, -math.huge)
elseif operation == 'settle' then
  settle(window, first, second, third)
elseif operation == 'refuse' then
  refuse(window, first)
end

window.stamp = now
redis.call('SET', KEYS[1], cmsgpack.pack(window), 'EX', math.ceil(math.max(2 * LEASE, 4 / window.rate)))
return {string.format('%.17g', place), string.format('%.17g', wait), string.format('%.17g', now)}
