-- Sends requests that were signed before: `prefix .. id or record .. suffix`. Arguments: files of prefix and suffix, then
--   ids PHASE AGAIN THREADS        ids of this phase, numbered without an end; with AGAIN > 0 the same so many again
--   once|again FILE WIDTH SHARE    records of WIDTH, SHARE for each thread, once or begun anew at the end
-- and the status that each answer must have; 0: any below 400, of which wrk keeps count without asking Lua.
-- Whoever runs out of records says so, and the figure is not one.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  thread:set("exhausted", 0)
  thread:set("wrong", 0)
  table.insert(threads, thread)
end

local prefix, suffix, form, at, batch, again, records, width, share
local format = string.format

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(arguments)
  prefix, suffix, form = read(arguments[1]), read(arguments[2]), arguments[3]
  if form == "ids" then
    again = tonumber(arguments[5])
    -- A thread has ids of its own; where they are to come again all have the same, and begin in different places.
    batch = tonumber(arguments[4]) * 16 + (again > 0 and 0 or number)
    at = again > 0 and math.floor(number * again / tonumber(arguments[6])) or 0
  else
    width, share = tonumber(arguments[5]), tonumber(arguments[6])
    records = assert(io.open(arguments[4], "rb"))
    at = 0
    records:seek("set", number * share * width)
  end
  local status = tonumber(arguments[7])
  if status > 0 then
    function response(found)
      if found ~= status then
        wrong = wrong + 1
      end
    end
  end
end

function request()
  if form == "ids" then
    local id = format("1af7b333-7a06-41b1-%04x-%012x", batch, at)
    at = at + 1
    if again > 0 and at >= again then at = 0 end
    return prefix .. id .. suffix
  end
  if at >= share and form == "again" then
    at = 0
    records:seek("set", number * share * width)
  end
  local record = at < share and records:read(width)
  at = at + 1
  if not record then
    exhausted = 1
    return prefix .. string.rep("0", width) .. suffix
  end
  return prefix .. record .. suffix
end

function done(summary)
  local out, wrong = 0, 0
  for _, thread in ipairs(threads) do
    out = out + thread:get("exhausted")
    wrong = wrong + thread:get("wrong")
  end
  local errors = summary.errors
  io.write(format(
    '\nfigures {"requests":%d,"micros":%d,"refused":%d,"wrong":%d,"broken":%d,"late":%d,"exhausted":%d}\n',
    summary.requests, summary.duration, errors.status, wrong, errors.connect + errors.read + errors.write,
    errors.timeout, out))
end
