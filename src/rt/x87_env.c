/* x87_env.c - the x87's environment and registers as FNSTENV and FNSAVE lay them out. SDM vol. 1, 8.1.10.
 *
 * 28 bytes, or 14 with an operand-size prefix. The tag word's two bits a register are made from its contents. Segment
 * selectors read as zero on CPUs that have deprecated them, and as such this one presents itself.
 */
#include "rt/x87.h"
#include "rt/string.h"

struct image {
	union {
		struct { u32 cw, sw, tw, ip, cs_op, dp, ds; } wide;
		struct { u16 cw, sw, tw, ip, cs, dp, ds; } narrow;
	};
};

static u16 tag_word(const struct cpu *c)
{
	u8 tag = x87_tag(c);
	u16 tw = 0;

	for (int i = 0; i < 8; i++) {
		int s = (i - c->x87.bias) & 7, e = c->x87.st[s].se & 0x7fff;
		u64 m = c->x87.st[s].m;
		int kind = !(tag >> i & 1) ? 3 : !e && !m ? 1 : !e || e == 0x7fff || !(m >> 63) ? 2 : 0;

		tw |= kind << 2 * i;
	}
	return tw;
}

static size_t environment(const struct cpu *c, struct image *m, bool narrow)
{
	u16 sw = x87_sw(c), tw = tag_word(c);

	if (narrow)
		m->narrow = (typeof(m->narrow)){ c->fcw, sw, tw, c->x87.fip, 0, c->fdp, 0 };
	else
		m->wide = (typeof(m->wide)){ 0xffff0000 | c->fcw, 0xffff0000 | sw, 0xffff0000 | tw, c->x87.fip,
		                             (u32)(c->fop & 0x7ff) << 16, c->fdp, 0xffff0000 };
	return x87_image_size(false, narrow);
}

bool x87_stenv(struct cpu *c, gaddr a, bool narrow)
{
	struct image m;

	if (!rt_store_bytes(a, &m, environment(c, &m, narrow))) return false;
	c->fcw |= 63;
	x87_mode(c);
	return true;
}

static void load(struct cpu *c, const struct image *m, bool narrow)
{
	u16 tw = narrow ? m->narrow.tw : m->wide.tw;
	u8 tag = 0;

	for (int i = 0; i < 8; i++)
		if ((tw >> 2 * i & 3) != 3) tag |= 1 << i;
	x87_rotate(c, (c->x87.top + c->x87.bias) & 7);  /* registers stay what they are: slots become physical */
	x87_set(c, narrow ? m->narrow.cw : m->wide.cw, narrow ? m->narrow.sw : m->wide.sw, tag);
	c->x87.fip = narrow ? m->narrow.ip : m->wide.ip;
	c->fdp = narrow ? m->narrow.dp : m->wide.dp;
	c->fop = narrow ? 0 : m->wide.cs_op >> 16 & 0x7ff;
}

bool x87_ldenv(struct cpu *c, gaddr a, bool narrow)
{
	struct image m;

	if (!rt_load_bytes(&m, a, x87_image_size(false, narrow))) return false;
	load(c, &m, narrow);
	return true;
}

bool x87_save(struct cpu *c, gaddr a, bool narrow)
{
	u8 image[108];
	struct image m;
	size_t n = environment(c, &m, narrow);

	memcpy(image, &m, n);
	for (int i = 0; i < 8; i++, n += 10) {
		memcpy(image + n, &c->x87.st[(c->x87.top + i) & 7].m, 8);
		memcpy(image + n + 8, &c->x87.st[(c->x87.top + i) & 7].se, 2);
	}
	if (!rt_store_bytes(a, image, n)) return false;
	x87_init(c);
	return true;
}

bool x87_rstor(struct cpu *c, gaddr a, bool narrow)
{
	u8 image[108];
	struct image m;
	size_t n = x87_image_size(false, narrow);

	if (!rt_load_bytes(image, a, n + 80)) return false;
	memcpy(&m, image, n);
	load(c, &m, narrow);
	for (int i = 0; i < 8; i++, n += 10) {
		memcpy(&c->x87.st[(c->x87.top + i) & 7].m, image + n, 8);
		memcpy(&c->x87.st[(c->x87.top + i) & 7].se, image + n + 8, 2);
	}
	return true;
}
