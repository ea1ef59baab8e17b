// SPDX-License-Identifier: EUPL-1.2
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// What this service remembers of a browser, by the value of its cookie.
type session struct {
	state, nonce, verifier, idToken string
	person                          map[string]any
}

var (
	lock     sync.Mutex
	sessions = map[string]*session{}
)

func of(w http.ResponseWriter, r *http.Request) *session {
	lock.Lock()
	defer lock.Unlock()
	if c, err := r.Cookie("session"); err == nil && sessions[c.Value] != nil {
		return sessions[c.Value]
	}
	id := rand.Text()
	sessions[id] = &session{}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return sessions[id]
}

func main() {
	issuer, base, ctx := os.Getenv("ISSUER"), os.Getenv("BASE"), context.Background()

	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		log.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: os.Getenv("CLIENT_ID")})
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  base + "/callback",
		Scopes:       []string{oidc.ScopeOpenID, "profile", "edu.role"},
	}

	http.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		s := of(w, r)
		s.state, s.nonce, s.verifier = rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		http.Redirect(w, r, config.AuthCodeURL(s.state, oidc.Nonce(s.nonce), oauth2.S256ChallengeOption(s.verifier)), http.StatusFound)
	})
	http.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		s := of(w, r)
		if s.state == "" || r.FormValue("state") != s.state || r.FormValue("error") != "" {
			http.Error(w, "refused: "+r.FormValue("error_description"), http.StatusForbidden)
			return
		}
		token, err := config.Exchange(ctx, r.FormValue("code"), oauth2.VerifierOption(s.verifier))
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		s.idToken, _ = token.Extra("id_token").(string)
		proven, err := verifier.Verify(ctx, s.idToken)
		if err != nil || proven.Nonce != s.nonce {
			http.Error(w, fmt.Sprint("the ID token: ", err), http.StatusForbidden)
			return
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Subject != proven.Subject || info.Claims(&s.person) != nil {
			http.Error(w, fmt.Sprint("userinfo: ", err), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, "/", http.StatusFound)
	})
	http.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		s := of(w, r)
		q := url.Values{"id_token_hint": {s.idToken}, "post_logout_redirect_uri": {base + "/"}}
		*s = session{}
		http.Redirect(w, r, issuer+"/oidc/end_session?"+q.Encode(), http.StatusFound)
	})
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(of(w, r).person)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	log.Fatal(http.Serve(listener, nil))
}
