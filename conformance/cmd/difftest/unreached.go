package main

// unreached says why programs of the language cannot come to some places of the library.
// The ordinary tests do.
var unreached = []reason{}
