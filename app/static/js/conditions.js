// Conditions of forms, judged as app/workflows/conditions.py judges them; the server always has the
// last word.

const ORDERED = { lt: (a, b) => a < b, le: (a, b) => a <= b, gt: (a, b) => a > b, ge: (a, b) => a >= b };

export function isEmpty(value) {
  if (value === null || value === undefined || value === false || value === "") return true;
  if (typeof value === "number" || value === true) return false;
  return Array.isArray(value) ? !value.length : typeof value === "object" && !Object.keys(value).length;
}

/** Return the ISO date that "today-18y" means on the day `today`; other texts as they are. */
export function dayOf(text, today) {
  const found = /^today(?:([+-])(\d{1,5})([dmy]))?$/.exec(text);
  if (!found) return text;
  const [year, month, day] = today.split("-").map(Number);
  const count = found[1] ? Number(found[1] + found[2]) : 0;
  if (found[3] === "d" || !found[3]) return iso(new Date(Date.UTC(year, month - 1, day + count)));
  const months = year * 12 + month - 1 + count * (found[3] === "y" ? 12 : 1);
  const last = new Date(Date.UTC(Math.floor(months / 12), (months % 12) + 1, 0)).getUTCDate();
  return iso(new Date(Date.UTC(Math.floor(months / 12), months % 12, Math.min(day, last))));
}

const iso = (date) => date.toISOString().slice(0, 10);

const plain = (value) => {
  if (value === null || value === undefined || value === false) return "";
  return value === true ? "true" : String(value);
};

function compare(op, given, wanted) {
  if (op in ORDERED) {
    const numbers = typeof given === "number" && typeof wanted === "number";
    return numbers ? ORDERED[op](given, wanted) : ORDERED[op](String(given), String(wanted));
  }
  const mine = (Array.isArray(given) ? given : [given]).map(plain);
  const theirs = (Array.isArray(wanted) ? wanted : [wanted]).map(plain);
  const met = mine.some((item) => theirs.includes(item)) || (!mine.length && theirs.includes(""));
  return met === (op === "eq" || op === "in");
}

/** unknown: what a comparison counts as while one of its sides has not been answered. */
export function holds(condition, valueOf, today, unknown = false) {
  if (!condition || !Object.keys(condition).length) return true;
  if (condition.all) return condition.all.every((part) => holds(part, valueOf, today, unknown));
  if (condition.any) return condition.any.some((part) => holds(part, valueOf, today, unknown));
  if (condition.none) return !condition.none.some((part) => holds(part, valueOf, today, !unknown));
  const given = valueOf(condition.field);
  if (condition.op === "filled" || condition.op === "empty") return isEmpty(given) === (condition.op === "empty");
  const pair = "other" in condition;
  let wanted = pair ? valueOf(condition.other) : condition.value;
  if (!pair && typeof wanted === "string" && wanted.startsWith("today")) wanted = dayOf(wanted, today);
  if ((condition.op in ORDERED || pair) && (isEmpty(given) || isEmpty(wanted))) return unknown;
  return compare(condition.op, given, wanted);
}
