-- ARGV: now, endpoint, mark, then records. Answers a word for each.
local function accept(record)
  local verdict, taken = judge(record)
  if verdict == 'busy' then return 'busy' end
  if verdict == 'conflict' then
    tell('conflicts')
    quarantine(record)
    return 'conflict'
  end
  if verdict == 'done' then
    tell('duplicates')
    note_fence(record)
    return 'duplicate'
  end
  -- A record that an operator made ready again waits, though nobody remembers its identity: it keeps what it has.
  if record.known and waiting(redis.call('HGET', P .. 'event:' .. record.id, 's')) then
    tell('duplicates')
    return 'duplicate'
  end
  local state = record.problem ~= '' and 'quarantined' or 'ready'
  local fences = take_fences(record, taken)
  fences = fences ~= '' and { 'x', fences } or {}
  if record.known then forget_claim(record.id) end
  append(record, record.id, state, record.problem, 'k', record.compared, unpack(fences))
  if state ~= 'ready' then redis.call('ZADD', P .. 'names', record.retain, record.id) end
  return state
end

-- Whether nothing is known of any of them, which one question tells of all.
local function are_new(records)
  local keys, seen = {}, {}
  for _, record in ipairs(records) do
    if record.problem ~= '' then return false end
    local names = { P .. 'event:' .. record.id }
    if record.fence ~= '' then names[2] = P .. 'fence:' .. record.fence end
    for _, key in ipairs(names) do
      if seen[key] then return false end
      seen[key] = true
      keys[#keys + 1] = key
    end
  end
  return redis.call('EXISTS', unpack(keys)) == 0
end

-- Appends records of which nothing is known, then takes their fences.
local function accept_new(records)
  for _, record in ipairs(records) do
    if record.fence == '' then
      append(record, record.id, 'ready', '', 'k', record.compared)
    else
      append(record, record.id, 'ready', '', 'k', record.compared, 'x', record.fence)
    end
  end
  for _, record in ipairs(records) do
    if record.fence ~= '' then point_fence(record) end
  end
end

local records, answers = {}, {}
for at = 4, #ARGV, RECORD do records[#records + 1] = read(at) end
redis.call('SADD', P .. 'endpoints', endpoint)
local all_new = are_new(records)
if all_new then accept_new(records) end
for at, record in ipairs(records) do answers[at] = all_new and 'ready' or accept(record) end
return answers
