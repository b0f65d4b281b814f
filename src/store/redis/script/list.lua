-- ARGV: now, a state or nothing, a position, a limit. Answers the records after the position, without their content; more
-- than the limit if the last ones have the same position.
local states, limit, found, answer = { ARGV[2] }, tonumber(ARGV[4]), {}, {}
if ARGV[2] == '' then states = { 'ready', 'leased', 'delivered', 'parked', 'quarantined' } end
for _, state in ipairs(states) do
  local page = redis.call('ZRANGEBYSCORE', P .. 'in:' .. state, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  local last, known = #page == 2 * limit and page[#page], {}
  for at = 1, #page, 2 do
    found[#found + 1], known[page[at]] = { page[at], tonumber(page[at + 1]) }, true
  end
  for _, id in ipairs(last and redis.call('ZRANGEBYSCORE', P .. 'in:' .. state, last, last) or {}) do
    if not known[id] then found[#found + 1] = { id, tonumber(last) } end
  end
end
for _, endpoint in ipairs(states[1] == 'ready' and redis.call('SMEMBERS', P .. 'endpoints') or {}) do
  for _, one in ipairs(untried(endpoint, limit, tonumber(ARGV[3]))) do found[#found + 1] = one end
end
table.sort(found, function(one, other) return one[2] < other[2] end)
for at, one in ipairs(found) do
  if at > limit and one[2] ~= found[at - 1][2] then break end
  local row = redis.call('HMGET', P .. 'state:' .. one[1], 's', 'a', 'w')
  answer[at] = { text(one[2]), one[1], row[1] or one[4] and 'ready' or '', row[2] or '0', header(one[1]), row[3] or '' }
end
return answer
