# SPDX-License-Identifier: EUPL-1.2
require "json"
require "sinatra/base"
require "omniauth_openid_connect"

ISSUER, BASE = ENV.values_at("ISSUER", "BASE")

class Service < Sinatra::Base
  set :server, "webrick"
  set :bind, "127.0.0.1"
  set :port, ENV["PORT"]
  set :host_authorization, permitted_hosts: []
  set :sessions, secret: "of this service, of sixty-four characters or more, and kept for itself"

  use OmniAuth::Builder do
    provider :openid_connect,
      name: :digione,
      issuer: ISSUER,
      discovery: true,
      scope: %i[openid profile edu.role],
      client_options: {
        identifier: ENV["CLIENT_ID"],
        secret: ENV["CLIENT_SECRET"],
        redirect_uri: "#{BASE}/auth/digione/callback",
      }
  end
  OmniAuth.config.allowed_request_methods = %i[get]
  OmniAuth.config.silence_get_warning = true

  get "/auth/digione/callback" do
    told = request.env["omniauth.auth"]
    session[:person] = told.extra.raw_info.to_h
    session[:id_token] = told.credentials.id_token
    redirect "/"
  end

  get "/logout" do
    hint = session[:id_token]
    session.clear
    redirect "#{ISSUER}/oidc/end_session?" + URI.encode_www_form(id_token_hint: hint, post_logout_redirect_uri: "#{BASE}/")
  end

  get "/" do
    session[:person].to_json
  end
end

OpenIDConnect.http_config { |http| http.ssl_config.add_trust_ca(ENV["CERTIFICATE"]) } if ENV["CERTIFICATE"]
Service.run! do
  puts "ready"
  $stdout.flush
end
