-- Which environment runs an invocation. Every operation is one atomic script call: KEYS[1] is the key prefix,
-- ARGV[1] the operation, the rest its arguments (placement.py names them).
--
-- An environment is a hash `environment:<id>` {version, state, request, reply, worker, host, process, n, stop}, a lease in
-- exactly one of `leases` (placeable) and `stopping` (on its way out), and, when idle, a member of `idle` and
-- `idle:<version>`, scored by when it was last used. `inbox:<id>` holds what it is sent, `taken:<id>` what it works
-- on. The truth lives in the environments: each repeats its state every second (beat), so all of this may be
-- lost at any moment and comes back. Needs one Redis, not a cluster: keys are made from the prefix.

local prefix, operation = KEYS[1], ARGV[1]
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now_us / 1000)

local LEASES, STOPPING, IDLE = prefix .. 'leases', prefix .. 'stopping', prefix .. 'idle'
local WORKERS, LOST = prefix .. 'workers', prefix .. 'lost'
local WORKER_STALE_S = 5
local TOMBSTONE_S = 60
local PLACED_S = 30
local SOON_MS = 10
local REPLIES_S = 60

local function record_of(id) return prefix .. 'environment:' .. id end
local function inbox_of(id) return prefix .. 'inbox:' .. id end
local function taken_of(id) return prefix .. 'taken:' .. id end
local function placed_of(request) return prefix .. 'placed:' .. request end
local function tombstone_of(id) return prefix .. 'buried:' .. id end
local function answered_of(version) return prefix .. 'answered:' .. version end
local function idle_of(version) return prefix .. 'idle:' .. version end

local function lease_of(id)
  return tonumber(redis.call('ZSCORE', LEASES, id) or redis.call('ZSCORE', STOPPING, id) or '0')
end

local function not_idle(id, version)
  redis.call('ZREM', IDLE, id)
  redis.call('ZREM', idle_of(version), id)
end

local function make_idle(id, version)
  redis.call('ZADD', IDLE, now_us, id)
  redis.call('ZADD', idle_of(version), now_us, id)
end

-- The worker's own sums: slots of those that showed themselves lately.
local function live_slots()
  local slots = 0
  for _, text in ipairs(redis.call('HVALS', WORKERS)) do
    local worker = cjson.decode(text)
    if worker.at > now_ms / 1000 - WORKER_STALE_S then slots = slots + worker.slots end
  end
  return slots
end

local function assign(id, request, reply, message)
  redis.call('HSET', record_of(id), 'state', 'busy', 'request', request, 'reply', reply)
  redis.call('RPUSH', inbox_of(id), message)
  redis.call('SET', placed_of(request), id, 'EX', PLACED_S)
end

local function stop(id, reason, message)
  local state, version = unpack(redis.call('HMGET', record_of(id), 'state', 'version'))
  if not state then return 0 end
  redis.call('HSET', record_of(id), 'stop', reason)
  redis.call('RPUSH', inbox_of(id), message)
  if state == 'idle' then
    not_idle(id, version)
    redis.call('HSET', record_of(id), 'state', 'stopping')
    redis.call('ZADD', STOPPING, redis.call('ZSCORE', LEASES, id) or now_ms, id)
    redis.call('ZREM', LEASES, id)
  end
  return 1
end

local function first_alive(key, newest_first)
  while true do
    local id = redis.call(newest_first and 'ZREVRANGE' or 'ZRANGE', key, 0, 0)[1]
    if not id then return nil end
    if lease_of(id) > now_ms then return id end
    -- Its lease has ended: nothing may be placed there any more; the reaper buries it.
    not_idle(id, redis.call('HGET', record_of(id), 'version') or '')
    redis.call('ZREM', key, id)
  end
end

local operations = {}

-- → {'warm', id} | {'soon'} | {'cold', new id, evicted id or ''} | {'throttled', slots} | {'no worker'}
-- 'soon': an environment of this version has answered a moment ago and will most likely be free in another, sooner
-- than a new one could be. Between answer and free lies at least the runtime's next call; on AWS that hides behind
-- the way to the next caller. Who has waited for that (patience 'long') is only told so while no other environment
-- could be had and one of this version is in its extensions' post-runtime work; 'none' is never told so.
-- Asked again for the same request (the first answer got lost on its way) it says the same and places nothing.
function operations.acquire(version, request, reply, new_id, lease_ms, patience, stop_message, message)
  local placed = redis.call('GET', placed_of(request))
  if placed then
    local nobody_began = redis.call('HEXISTS', record_of(placed), 'worker') == 0 and lease_of(placed) > 0
    if nobody_began then return {'cold', placed, ''} end
    return {'warm', placed}
  end
  local warm = first_alive(idle_of(version), true)
  if warm then
    not_idle(warm, version)
    assign(warm, request, reply, message)
    return {'warm', warm}
  end
  if patience == 'short' and redis.call('ZCOUNT', answered_of(version), now_ms - SOON_MS, '+inf') > 0 then
    return {'soon'}
  end
  local slots = live_slots()
  if slots == 0 then return {'no worker'} end
  local evicted = ''
  if redis.call('ZCOUNT', LEASES, '(' .. now_ms, '+inf') >= slots then
    evicted = first_alive(IDLE, false)
    if not evicted then
      if patience ~= 'none' and redis.call('ZCARD', answered_of(version)) > 0 then return {'soon'} end
      return {'throttled', slots}
    end
    stop(evicted, 'spindown', stop_message)
  end
  redis.call('HSET', record_of(new_id), 'version', version, 'n', 0)
  redis.call('ZADD', LEASES, now_ms + lease_ms, new_id)
  assign(new_id, request, reply, message)
  return {'cold', new_id, evicted}
end

-- The worker took the environment up. → 1, or 0 when nobody waits for it any more (buried, or Redis was emptied)
function operations.begin(id, lease_ms, worker, host, process)
  if redis.call('EXISTS', record_of(id)) == 0 then return 0 end
  redis.call('HSET', record_of(id), 'worker', worker, 'host', host, 'process', process)
  redis.call('ZADD', LEASES, 'XX', now_ms + lease_ms, id)
  redis.call('ZADD', STOPPING, 'XX', now_ms + lease_ms, id)
  return 1
end

-- "I am alive, and this is my state". n counts what the environment has said, so that an overtaken call changes
-- nothing. → 'ok' | 'buried': others were told that it is dead, so it has to be
function operations.beat(id, lease_ms, n, state, version, request, reply, worker, host, process)
  if redis.call('EXISTS', tombstone_of(id)) == 1 then return 'buried' end
  local known = redis.call('HMGET', record_of(id), 'state', 'n', 'stop')
  local overtaken = known[1] and tonumber(n) < tonumber(known[2] or 0)
  -- Sent to it, not yet seen by it: placement knows better.
  local under_way = known[1] and (state == 'starting'
    or state == 'idle' and redis.call('EXISTS', inbox_of(id), taken_of(id)) > 0)
  if not (overtaken or under_way) then
    if state == 'idle' and known[3] then state = 'stopping' end
    redis.call('HSET', record_of(id), 'version', version, 'state', state, 'n', n, 'request', request,
      'reply', reply, 'worker', worker, 'host', host, 'process', process)
    if state ~= 'idle' then not_idle(id, version)
    elseif not redis.call('ZSCORE', IDLE, id) then make_idle(id, version) end
  end
  local stopping = redis.call('HGET', record_of(id), 'state') == 'stopping'
  redis.call('ZADD', stopping and STOPPING or LEASES, now_ms + lease_ms, id)
  redis.call('ZREM', stopping and LEASES or STOPPING, id)
  return 'ok'
end

-- The answer goes to its caller; the environment stays busy with what comes after it. A second copy does no harm,
-- and nobody reads the list of a web process that died.
function operations.answer(id, version, reply_to, message)
  redis.call('RPUSH', reply_to, message)
  redis.call('EXPIRE', reply_to, REPLIES_S)
  if version ~= '' then
    redis.call('ZADD', answered_of(version), now_ms, id)
    redis.call('EXPIRE', answered_of(version), REPLIES_S)
  end
end

-- The invocation is over for everybody. → 'idle', or 'stopping' when a stop was sent meanwhile
function operations.release(id, n)
  redis.call('DEL', taken_of(id))
  local version, asked = unpack(redis.call('HMGET', record_of(id), 'version', 'stop'))
  if not version then return 'idle' end
  redis.call('ZREM', answered_of(version), id)
  local state = asked and 'stopping' or 'idle'
  redis.call('HSET', record_of(id), 'state', state, 'n', n, 'request', '', 'reply', '')
  if state == 'idle' then make_idle(id, version)
  else
    redis.call('ZADD', STOPPING, redis.call('ZSCORE', LEASES, id) or now_ms, id)
    redis.call('ZREM', LEASES, id)
  end
  return state
end

-- The environment wants to end by itself. → 1, or 0 when an invocation is on its way to it
function operations.retire(id, n, reason)
  local state, version = unpack(redis.call('HMGET', record_of(id), 'state', 'version'))
  if redis.call('EXISTS', inbox_of(id), taken_of(id)) > 0 then return 0 end
  if state then
    not_idle(id, version)
    redis.call('HSET', record_of(id), 'state', 'stopping', 'stop', reason, 'n', n)
    redis.call('ZADD', STOPPING, redis.call('ZSCORE', LEASES, id) or now_ms, id)
    redis.call('ZREM', LEASES, id)
  end
  return 1
end

local function forget(id)
  local version, request, reply = unpack(redis.call('HMGET', record_of(id), 'version', 'request', 'reply'))
  local left = redis.call('LRANGE', taken_of(id), 0, -1)
  for _, message in ipairs(redis.call('LRANGE', inbox_of(id), 0, -1)) do left[#left + 1] = message end
  not_idle(id, version or '')
  redis.call('ZREM', answered_of(version or ''), id)
  redis.call('ZREM', LEASES, id)
  redis.call('ZREM', STOPPING, id)
  redis.call('DEL', record_of(id), inbox_of(id), taken_of(id))
  return {request or '', reply or '', left}
end

-- The environment is over. → {request, reply, messages that nobody answered}
function operations.finish(id) return forget(id) end

-- Somebody found it dead. Only with its lease ended, unless the finder knows better (sure = '1'). `lost` keeps the
-- reason until it is recorded. → {request, reply, messages} or {} when it lives or another buried it
function operations.bury(id, sure, reason)
  if redis.call('EXISTS', record_of(id)) == 0 then
    redis.call('ZREM', LEASES, id)
    redis.call('ZREM', STOPPING, id)
    return {}
  end
  if sure ~= '1' and lease_of(id) > now_ms then return {} end
  redis.call('SET', tombstone_of(id), '1', 'EX', TOMBSTONE_S)
  redis.call('HSET', LOST, id, reason)
  return forget(id)
end

-- → [id, milliseconds since its lease ended, host, process, …] of those whose lease has ended
function operations.expired()
  local found = {}
  for _, key in ipairs({LEASES, STOPPING}) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now_ms)) do
      local host, process = unpack(redis.call('HMGET', record_of(id), 'host', 'process'))
      found[#found + 1] = {id, now_ms - lease_of(id), host or '', process or ''}
    end
  end
  return found
end

-- → 1 while the environment lives and this invocation is its business
function operations.holds(id, request)
  if redis.call('HGET', record_of(id), 'request') ~= request then return 0 end
  return lease_of(id) > now_ms and 1 or 0
end

operations.stop = stop

-- → [id, version, state, request, worker, …]
function operations.list()
  local found = {}
  for _, key in ipairs({LEASES, STOPPING}) do
    for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local fields = redis.call('HMGET', record_of(id), 'version', 'state', 'request', 'worker')
      found[#found + 1] = {id, fields[1] or '', fields[2] or '', fields[3] or '', fields[4] or ''}
    end
  end
  return found
end

return operations[operation](unpack(ARGV, 2))
