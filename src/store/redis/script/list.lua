-- ARGV: now, a state or nothing, a position, a limit. Answers the records after the position, without their content.
local states, parts = { ARGV[2] }, {}
if ARGV[2] == '' then states = { 'ready', 'leased', 'delivered', 'parked', 'quarantined' } end
for at, state in ipairs(states) do parts[at] = 'in:' .. state end
if states[1] == 'ready' then
  for _, endpoint in ipairs(redis.call('SMEMBERS', P .. 'endpoints')) do parts[#parts + 1] = 'fresh:' .. endpoint end
end
local limit, found, answer = tonumber(ARGV[4]), {}, {}
for _, part in ipairs(parts) do
  local page = redis.call('ZRANGEBYSCORE', P .. part, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for at = 1, #page, 2 do found[#found + 1] = { page[at], tonumber(page[at + 1]) } end
end
table.sort(found, function(one, other) return one[2] < other[2] end)
for at, one in ipairs(found) do
  if at > limit then break end
  local row = redis.call('HMGET', P .. 'event:' .. one[1], 's', 'a', 'h', 'w')
  answer[at] = { text(one[2]), one[1], row[1] or '', row[2] or '0', row[3] or '', row[4] or '' }
end
return answer
