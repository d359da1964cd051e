#include "rt/x87.h"
struct f80 x87_2xm1(struct x87_env *v, struct f80 a){return a;}
struct f80 x87_yl2x(struct x87_env *v, struct f80 x, struct f80 y){return x;}
struct f80 x87_yl2xp1(struct x87_env *v, struct f80 x, struct f80 y){return x;}
struct f80 x87_patan(struct x87_env *v, struct f80 x, struct f80 y){return x;}
bool x87_sincos(struct x87_env *v, struct f80 a, struct f80 *sin, struct f80 *cos){return true;}
bool x87_tan(struct x87_env *v, struct f80 a, struct f80 *r){return true;}
