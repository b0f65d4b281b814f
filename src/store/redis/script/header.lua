-- The line of JSON of a record, without its content.
local function header(id)
  local key, first, last = P .. 'event:' .. id, nil, nil
  local found = redis.call('GETRANGE', key, 0, 2047)
  local function cut()
    first = string.find(found, '\n', 1, true)
    last = first and string.find(found, '\n', first + 1, true)
    return last
  end
  if not cut() then
    found = redis.call('GET', key) or ''
    if not cut() then return '' end
  end
  return string.sub(found, first + 1, last - 1)
end
