package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

// careful is a model that takes its time.
func careful(ctx context.Context, conversation []string) (reply, error) {
	if err := asyncio.Sleep(ctx, time.Duration(len(conversation)*200)*time.Millisecond); err != nil {
		return reply{}, err
	}
	return think(conversation), nil
}

// quick is a model that does not know everything.
func quick(ctx context.Context, conversation []string) (reply, error) {
	if err := asyncio.Sleep(ctx, 50*time.Millisecond); err != nil {
		return reply{}, err
	}
	if strings.Contains(conversation[0], "Oslo") {
		return reply{}, errors.New("no idea")
	}
	return think(conversation), nil
}

var name = regexp.MustCompile(`[A-Z]\w+`)

// think searches for each name in the goal, and has that for an answer.
func think(conversation []string) reply {
	if len(conversation) > 1 && !strings.Contains(conversation[0], "forever") {
		return reply{answer: strings.Join(conversation[1:], ", "), tokens: 20}
	}
	r := reply{tokens: 30}
	for _, n := range name.FindAllString(conversation[0], -1) {
		r.calls = append(r.calls, call{"search", n})
	}
	return r
}

// search is a tool. It does not come back if there is nothing to find.
func search(ctx context.Context, input string) (string, error) {
	wait := 100 * time.Millisecond
	if input == "Atlantis" {
		wait = time.Hour
	}
	return input + " is a city", asyncio.Sleep(ctx, wait)
}
