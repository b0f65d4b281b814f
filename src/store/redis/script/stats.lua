-- Answers the records in each state, the identities, the copies and conflicts that were answered, and the position and
-- header of the first record that waits.
local first
local function earlier(position, id)
  if not first or position < first[1] then first = { position, id } end
end
local function count(state)
  local head = redis.call('ZRANGE', P .. 'in:' .. state, 0, 0, 'WITHSCORES')
  if head[1] and (state == 'ready' or state == 'leased') then earlier(tonumber(head[2]), head[1]) end
  return redis.call('ZCARD', P .. 'in:' .. state)
end
local ready, leased, delivered, parked, quarantined =
  count('ready'), count('leased'), count('delivered'), count('parked'), count('quarantined')
for _, endpoint in ipairs(redis.call('SMEMBERS', P .. 'endpoints')) do
  ready = ready + math.max(tonumber(redis.call('HGET', P .. 'untried', endpoint) or '0'), 0)
  local head = untried(endpoint, 1)[1]
  if head then earlier(head[2], head[1]) end
end
local identities = redis.call('ZCARD', P .. 'names') + ready + leased + parked
local told = redis.call('HMGET', P .. 'told', 'duplicates', 'conflicts')
local answer = { ready, leased, delivered, parked, quarantined, identities, told[1] or '0', told[2] or '0' }
if first then
  answer[9] = text(first[1])
  answer[10] = header(first[2])
end
return answer
