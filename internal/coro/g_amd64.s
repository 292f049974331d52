#include "textflag.h"

// func G() uintptr
TEXT ·G(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET

// func Is(p *uintptr) bool
TEXT ·Is(SB), NOSPLIT, $0-9
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ (TLS), CX
	CMPQ AX, CX
	SETEQ ret+8(FP)
	RET

// func word(p uintptr) uintptr
TEXT ·word(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ AX, ret+8(FP)
	RET
