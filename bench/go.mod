module github.com/asyncio-go/asyncio/bench

go 1.26.0

require (
	github.com/asyncio-go/asyncio v0.0.0
	golang.org/x/sync v0.24.0
)

replace github.com/asyncio-go/asyncio => ../
