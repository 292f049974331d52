#include "textflag.h"

// func G() uintptr
TEXT ·G(SB), NOSPLIT, $0-8
	CMPB ·portableID(SB), $0
	JNE  portable
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET
portable:
	JMP ·portableG(SB)

// func Is(p *uintptr) bool
TEXT ·Is(SB), NOSPLIT, $0-9
	CMPB ·portableID(SB), $0
	JNE  portable
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ (TLS), CX
	CMPQ AX, CX
	SETEQ ret+8(FP)
	RET
portable:
	JMP ·portableIs(SB)

// func word(p uintptr) uintptr
TEXT ·word(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ AX, ret+8(FP)
	RET
