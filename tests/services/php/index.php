<?php // SPDX-License-Identifier: EUPL-1.2
// A service in plain PHP, without a library.
declare(strict_types=1);

['ISSUER' => $issuer, 'CLIENT_ID' => $client_id, 'CLIENT_SECRET' => $client_secret, 'BASE' => $base] = getenv();
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);

function fetch(string $url, array $headers = [], ?array $form = null): array {
    $http = ['timeout' => 10, 'ignore_errors' => true, 'follow_location' => 0, 'header' => $headers];
    if ($form !== null)
        $http = ['method' => 'POST', 'content' => http_build_query($form), 'header' => [...$headers, 'Content-Type: application/x-www-form-urlencoded']] + $http;
    $text = file_get_contents($url, false, stream_context_create(['http' => $http]));
    $said = json_decode($text === false ? '' : $text, true);
    if (!is_array($said) || isset($said['error']))
        throw new RuntimeException("$url: " . ($said['error_description'] ?? 'no answer'));
    return $said;
}

function base64url(string $bytes): string {
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function go(string $url, array $query = []): never {
    header('Location: ' . $url . ($query ? '?' . http_build_query($query) : ''));
    exit;
}

$digione = fetch("$issuer/.well-known/openid-configuration");

switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
case '/login':
    $login = ['state' => base64url(random_bytes(32)), 'nonce' => base64url(random_bytes(32)), 'verifier' => base64url(random_bytes(32))];
    $_SESSION['login'] = $login;
    go($digione['authorization_endpoint'], [
        'response_type' => 'code', 'client_id' => $client_id, 'redirect_uri' => "$base/callback", 'scope' => 'openid profile edu.role',
        'state' => $login['state'], 'nonce' => $login['nonce'],
        'code_challenge' => base64url(hash('sha256', $login['verifier'], true)), 'code_challenge_method' => 'S256',
    ]);

case '/callback':
    $login = $_SESSION['login'] ?? [];
    unset($_SESSION['login']);
    if (!hash_equals($login['state'] ?? '', $_GET['state'] ?? '-') || ($_GET['iss'] ?? '') !== $issuer)
        throw new RuntimeException('this answer belongs to no sign-in of this browser');
    if (isset($_GET['error']))
        throw new RuntimeException($_GET['error_description'] ?? $_GET['error']);
    $tokens = fetch($digione['token_endpoint'], [], [
        'grant_type' => 'authorization_code', 'code' => $_GET['code'], 'redirect_uri' => "$base/callback",
        'code_verifier' => $login['verifier'], 'client_id' => $client_id, 'client_secret' => $client_secret,
    ]);
    // It came from the provider itself over TLS: its signature may be left unread [OpenID Connect Core 3.1.3.7].
    $claims = json_decode(base64_decode(strtr(explode('.', $tokens['id_token'])[1], '-_', '+/')), true);
    if ($claims['iss'] !== $issuer || $claims['aud'] !== $client_id || $claims['exp'] < time() || $claims['nonce'] !== $login['nonce'])
        throw new RuntimeException('the ID token is not for this sign-in');
    $person = fetch($digione['userinfo_endpoint'], ["Authorization: Bearer {$tokens['access_token']}"]);
    if ($person['sub'] !== $claims['sub'])
        throw new RuntimeException('userinfo tells of somebody else');
    session_regenerate_id(true);
    $_SESSION['person'] = $person;
    $_SESSION['id_token'] = $tokens['id_token'];
    go('/');

case '/logout':
    $id_token = $_SESSION['id_token'] ?? '';
    session_destroy();
    go($digione['end_session_endpoint'], ['id_token_hint' => $id_token, 'post_logout_redirect_uri' => "$base/"]);

default:
    header('Content-Type: application/json');
    echo json_encode($_SESSION['person'] ?? null);
}
