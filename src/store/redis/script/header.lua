-- The line of JSON of a record, without its content. Nearly all are short.
local function header(id)
  for _, length in ipairs({ 2048, 16384, 131072, 0 }) do
    local found = redis.call('GETRANGE', P .. 'event:' .. id, 0, length - 1)
    local first = string.find(found, '\n', 1, true)
    local last = first and string.find(found, '\n', first + 1, true)
    if last then return string.sub(found, first + 1, last - 1) end
  end
  return ''
end
