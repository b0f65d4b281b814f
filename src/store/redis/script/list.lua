-- ARGV: now, a state or nothing, a position, a limit. Answers the records after the position, without their content.
local states = { ARGV[2] }
if ARGV[2] == '' then states = { 'ready', 'leased', 'delivered', 'parked', 'quarantined' } end
local limit, found, answer = tonumber(ARGV[4]), {}, {}
for _, state in ipairs(states) do
  local page = redis.call('ZRANGEBYSCORE', P .. 'in:' .. state, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for at = 1, #page, 2 do found[#found + 1] = { page[at], tonumber(page[at + 1]) } end
end
table.sort(found, function(one, other) return one[2] < other[2] end)
for at, one in ipairs(found) do
  if at > limit then break end
  local row = redis.call('HMGET', P .. 'event:' .. one[1], 's', 'a', 'h', 'w')
  answer[at] = { text(one[2]), one[1], row[1] or '', row[2] or '0', row[3] or '', row[4] or '' }
end
return answer
