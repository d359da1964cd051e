/* What starting a program costs at least: see test/arm/vm_start.c. */
int main(void)
{
	return 0;
}
