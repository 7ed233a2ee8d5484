/**
 * The directory's calls as Lua scripts, so that each happens at one moment. They keep to what ioredis-mock's Lua has:
 * `redis.call` only, and no table as an answer but one that was written down whole. All keys begin with the cluster's prefix, which every script has as KEYS[1]:
 * - `revision`: how many compare-and-swaps have won; `changes`: moves with everything a listing may show but expiry,
 *   whenever it does, the channel `changes` says so;
 * - `values`, `versions`: hashes by directory key; a version is the revision that set it;
 * - `lease:KEY`: a hash of `holder` and `value` that Redis lets expire; `leases`: the set of such KEYs, some maybe gone.
 */

/** ARGV: key, expected version, value. Gives the new version, 0 when it lost. */
export const swapScript = `
local prefix, key = KEYS[1], ARGV[1]
if (redis.call('HGET', prefix .. 'versions', key) or '0') ~= ARGV[2] then return '0' end
redis.call('INCR', prefix .. 'revision')
redis.call('INCR', prefix .. 'changes')
redis.call('PUBLISH', prefix .. 'changes', '')
local revision = redis.call('GET', prefix .. 'revision')
redis.call('HSET', prefix .. 'versions', key, revision)
redis.call('HSET', prefix .. 'values', key, ARGV[3])
return revision
`;

/** ARGV: key, holder, value, lifetime in whole milliseconds (0: give it up). Gives 1, or 0 when another holds it. */
export const leaseScript = `
local prefix, key = KEYS[1], ARGV[1]
local lease = prefix .. 'lease:' .. key
local function tell()
  redis.call('INCR', prefix .. 'changes')
  redis.call('PUBLISH', prefix .. 'changes', '')
end
local holder = redis.call('HGET', lease, 'holder')
if holder and holder ~= ARGV[2] then return 0 end
if ARGV[4] == '0' then
  redis.call('SREM', prefix .. 'leases', key)
  if redis.call('DEL', lease) == 1 then tell() end
  return 1
end
if not holder or redis.call('HGET', lease, 'value') ~= ARGV[3] then tell() end
redis.call('HSET', lease, 'holder', ARGV[2])
redis.call('HSET', lease, 'value', ARGV[3])
redis.call('PEXPIRE', lease, ARGV[4])
redis.call('SADD', prefix .. 'leases', key)
return 1
`;

/** ARGV: key. Gives version and value, nothing when there is none. */
export const readScript = `
local prefix, key = KEYS[1], ARGV[1]
local version = redis.call('HGET', prefix .. 'versions', key)
if version then return {version, redis.call('HGET', prefix .. 'values', key)} end
local value = redis.call('HGET', prefix .. 'lease:' .. key, 'value')
if value then return {'0', value} end
return {}
`;

/**
 * ARGV: prefix of keys. Gives one text, its fields parted by NUL, which no key and no JSON holds: the revision, the
 * milliseconds until the first lease runs out (-1: none will), and then key, version, value of each entry, in no order.
 * Forgets the names of leases that have run out.
 */
export const listScript = `
local prefix, wanted = KEYS[1], ARGV[1]
local found = {redis.call('GET', prefix .. 'revision') or '0', -1}
for _, key in ipairs(redis.call('HKEYS', prefix .. 'versions')) do
  if string.sub(key, 1, string.len(wanted)) == wanted then
    found[#found + 1] = key
    found[#found + 1] = redis.call('HGET', prefix .. 'versions', key)
    found[#found + 1] = redis.call('HGET', prefix .. 'values', key)
  end
end
for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'leases')) do
  local lease = prefix .. 'lease:' .. key
  local value = redis.call('HGET', lease, 'value')
  if not value then
    redis.call('SREM', prefix .. 'leases', key)
  elseif string.sub(key, 1, string.len(wanted)) == wanted then
    local left = redis.call('PTTL', lease)
    if found[2] == -1 or left < found[2] then found[2] = left end
    found[#found + 1] = key
    found[#found + 1] = '0'
    found[#found + 1] = value
  end
end
return table.concat(found, '\\0')
`;
