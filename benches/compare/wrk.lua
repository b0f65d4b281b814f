-- Sends requests that were made and signed before: `prefix .. record .. suffix`, where a record is what differs between two
-- of them. Arguments: files of prefix, records and suffix, the width of a record, the first one, and how many each thread
-- has; 0 sends the first one for ever. Whoever runs out says so, and the figure is not one.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  thread:set("exhausted", 0)
  table.insert(threads, thread)
end

local prefix, suffix, records, width, left, same

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(arguments)
  prefix, suffix, width = read(arguments[1]), read(arguments[3]), tonumber(arguments[4])
  local first, share = tonumber(arguments[5]), tonumber(arguments[6])
  records = assert(io.open(arguments[2], "rb"))
  records:seek("set", (first + number * share) * width)
  left = share
  if share == 0 then same = prefix .. records:read(width) .. suffix end
end

function request()
  if same then return same end
  if left > 0 then left = left - 1 end
  local record = left > 0 and records:read(width)
  if not record then
    exhausted = 1
    return prefix .. string.rep("0", width) .. suffix
  end
  return prefix .. record .. suffix
end

function done(summary, latency)
  local out = 0
  for _, thread in ipairs(threads) do out = out + thread:get("exhausted") end
  local errors = summary.errors
  io.write(string.format(
    '\nfigures {"requests":%d,"micros":%d,"refused":%d,"broken":%d,"late":%d,"exhausted":%d,"p50":%d,"p99":%d,"p999":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write,
    errors.timeout, out, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
