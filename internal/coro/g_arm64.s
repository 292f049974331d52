#include "textflag.h"

// func G() uintptr
TEXT ·G(SB), NOSPLIT, $0-8
	MOVBU ·portableID(SB), R1
	CBNZ R1, portable
	MOVD g, R0
	MOVD R0, ret+0(FP)
	RET
portable:
	JMP ·portableG(SB)

// func Is(p *uintptr) bool
TEXT ·Is(SB), NOSPLIT, $0-9
	MOVBU ·portableID(SB), R1
	CBNZ R1, portable
	MOVD p+0(FP), R0
	MOVD (R0), R0
	CMP  R0, g
	CSET EQ, R1
	MOVB R1, ret+8(FP)
	RET
portable:
	JMP ·portableIs(SB)

// func word(p uintptr) uintptr
TEXT ·word(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD (R0), R0
	MOVD R0, ret+8(FP)
	RET
