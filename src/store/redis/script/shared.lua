-- What every script of a store begins with. The rules: every key lies in the slot of the one key that is declared first,
-- whose end is cut off to name the others; and a script reads before it writes, appends before it claims.
--
--   P last            the last number that was given out: positions and fences
--   P name:<hex>      a taken identity (c s f u t r n a y b) or, with o, a fence: a second name of the identity o
--   P names, fences   when to look whether a name may be forgotten
--   P event:<id>      a record (p s a f e n r h c g w)
--   P in:<state>      ids of the records in a state, by position
--   P fresh:<endpoint>  ids that were not tried yet, by position
--   P again:<endpoint>  ids that are due at a time: after a failed try, or when the lease of their worker ends
--   P endpoints       endpoints that had a record
--   P told            how often a copy and a conflict were answered (duplicates conflicts)
--   P touched         a counter that is written before replicas are waited for
--   P retain          ids of the records that nobody has to act on, by the time until which they are kept
local P = string.sub(KEYS[1], 1, -5)
local now = tonumber(ARGV[1])

-- How much longer than asked a key lives on if nothing ever prunes it: 30 days.
local MARGIN = 2592000000

local function text(number) return string.format('%.0f', number) end

-- A number larger than every one before, also after a failover that lost the last of them: the server's microseconds.
local function next_number()
  local last = tonumber(redis.call('GET', P .. 'last') or '0')
  local time = redis.call('TIME')
  local number = math.max(last + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
  redis.call('SET', P .. 'last', text(number))
  return number
end

local function state_of(id) return redis.call('HGET', P .. 'event:' .. id, 's') end

local function waits(id)
  local state = state_of(id)
  return state == 'ready' or state == 'leased' or state == 'parked'
end

-- What is remembered of an identity. Past its retention that is nothing, unless its record still waits. The second
-- answer is whether there is anything under the name at all.
local function find(name)
  local found = redis.call('HMGET', P .. 'name:' .. name, 's', 'c', 'u', 'r', 't', 'f')
  if not found[1] then return nil, false end
  local taken = { name = name, state = found[1], compared = found[2], lease = tonumber(found[3] or '0'),
    token = found[5], fence = found[6] }
  if tonumber(found[4]) >= now then return taken, true end
  if taken.state == 'in_flight' then
    if taken.lease > now then return taken, true end
  elseif waits(string.sub(name, 1, 32)) then
    return taken, true
  end
  return nil, true
end

local function find_fence(fence)
  if fence == '' then return nil end
  local owner = redis.call('HGET', P .. 'name:' .. fence, 'o')
  return owner and (find(owner)) or nil
end

-- The end of a record or name that nothing ever prunes.
local function expire_later(key, retain)
  redis.call('PEXPIRE', key, text(math.max(retain - now, 0) + MARGIN))
end

local function forget_event(id)
  local key = P .. 'event:' .. id
  local found = redis.call('HMGET', key, 's', 'e')
  if found[1] then
    redis.call('ZREM', P .. 'in:' .. found[1], id)
    redis.call('ZREM', P .. 'fresh:' .. found[2], id)
    redis.call('ZREM', P .. 'again:' .. found[2], id)
  else
    for _, state in ipairs({ 'delivered', 'quarantined' }) do redis.call('ZREM', P .. 'in:' .. state, id) end
  end
  redis.call('ZREM', P .. 'retain', id)
  redis.call('DEL', key)
end

-- Moves a record to another state, where `in:` has the same position.
local function move(id, from, to)
  local position = redis.call('ZSCORE', P .. 'in:' .. from, id) or redis.call('HGET', P .. 'event:' .. id, 'p')
  redis.call('ZREM', P .. 'in:' .. from, id)
  redis.call('ZADD', P .. 'in:' .. to, position, id)
  redis.call('HSET', P .. 'event:' .. id, 's', to)
end
