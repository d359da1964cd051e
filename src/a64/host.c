/* host.c - what the host CPU offers, from its ID registers or, on a kernel that hides them, from AT_HWCAP. */
#include "host.h"

static const struct {
	const char *text;
	u8 reg, at, min, word, bit;
	u32 needs;
} features[] = {
#define F(name, text, reg, at, min, word, bit, needs) { text, ID_##reg, at, min, word, bit, needs },
	HOST_FEATURES(F)
#undef F
};

static u64 without_lonely(u64 mask)
{
	for (int i = 0; i < HOST_BITS; i++)
		if ((features[i].needs & mask) != features[i].needs)
			mask &= ~(1ull << i);
	return mask;
}

u64 host_features(const struct host_id *id)
{
	const u64 hwcap[] = { 0, id->hwcap, id->hwcap2 };
	u64 mask = 0;

	for (int i = 0; i < HOST_BITS; i++) {
		u32 field = id->reg[features[i].reg] >> features[i].at & 15;
		bool by_reg = features[i].reg != ID_NONE && field >= features[i].min && field != 15;  /* 15: none */
		bool by_hwcap = features[i].word && hwcap[features[i].word] >> features[i].bit & 1;

		if (id->has_cpuid ? by_reg : by_hwcap)
			mask |= 1ull << i;
	}
	return without_lonely(mask);
}

static u64 find(const char *s, size_t n)
{
	for (int i = 0; i < HOST_BITS; i++) {
		const char *t = features[i].text;
		size_t k = 0;

		while (k < n && t[k] == s[k])
			k++;
		if (k == n && !t[k])
			return 1ull << i;
	}
	return n == 3 && s[0] == 'a' && s[1] == 'l' && s[2] == 'l' ? HOST_ALL & ~HOST_TSO : 0;
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ';
}

bool host_mask(u64 *mask, const char *spec)
{
	u64 x = *mask;

	while (*spec) {
		bool remove = *spec == '-';
		size_t n = 0;
		u64 bit;

		if (is_separator(*spec)) {
			spec++;
			continue;
		}
		spec += remove || *spec == '+';
		while (spec[n] && !is_separator(spec[n]))
			n++;
		bit = find(spec, n);
		if (!bit)
			return false;
		x = remove ? x & ~bit : x | bit;
		spec += n;
	}
	*mask = without_lonely(x);
	return true;
}

size_t host_names(char *out, size_t size, u64 mask)
{
	size_t len = 0;

	for (int i = 0; i < HOST_BITS; i++) {
		if (!(mask >> i & 1))
			continue;
		for (const char *s = len ? "," : ""; *s; s++, len++)
			if (len + 1 < size)
				out[len] = *s;
		for (const char *s = features[i].text; *s; s++, len++)
			if (len + 1 < size)
				out[len] = *s;
	}
	if (size)
		out[len < size ? len : size - 1] = 0;
	return len;
}
