// Package tools says which program is built here: `go install` refuses modules whose go.mod has replacements.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver/app"
